import { answered } from "./round.js";

answered(await fetch("/api/orders", { headers: { authorization: `Bearer ${localStorage.getItem("hand-rolled")}` } }));
