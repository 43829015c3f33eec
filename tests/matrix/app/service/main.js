import { apiOf } from "./scenario.js";

navigator.serviceWorker.onmessage = ({ data }) => (document.querySelector("output").textContent = JSON.stringify(data));
navigator.serviceWorker.register("./service.js", { type: "module" });
navigator.serviceWorker.ready.then(({ active }) => active.postMessage(apiOf(location)));
