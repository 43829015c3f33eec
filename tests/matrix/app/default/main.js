import { createTokenManager } from "tokenkeeper";
import { apiOf, scenario } from "./scenario.js";

scenario(createTokenManager, apiOf(location)).then((outcome) => {
  document.querySelector("output").textContent = JSON.stringify(outcome);
});
