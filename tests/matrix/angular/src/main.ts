import { Component, signal } from "@angular/core";
import { bootstrapApplication } from "@angular/platform-browser";
import { createTokenManager } from "tokenkeeper";
import { apiOf, scenario } from "../scenario.js";

@Component({ selector: "app-root", template: "<output>{{ outcome() }}</output>" })
class App {
  readonly outcome = signal("");

  constructor() {
    scenario(createTokenManager, apiOf(location)).then((outcome) => this.outcome.set(JSON.stringify(outcome)));
  }
}

await bootstrapApplication(App);
