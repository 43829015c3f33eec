"use client";

import { useEffect, useRef, useState } from "react";
import { createTokenManager } from "tokenkeeper";
import { apiOf, scenario } from "../scenario.js";

export function Session({ known }) {
  const [outcome, setOutcome] = useState();
  const started = useRef(known);
  useEffect(() => {
    if (started.current) return; // StrictMode runs effects twice
    started.current = true;
    scenario(createTokenManager, apiOf(location)).then(setOutcome);
  }, []);
  return <output>{outcome && JSON.stringify(outcome)}</output>;
}
