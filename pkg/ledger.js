// The ledger, a record in IndexedDB that orders the tabs where localStorage cannot.

import { numbersIn } from "./values.js";

// Reads the entry of this name or, given a new one, writes that if it comes later, and says whether it
// did: in one transaction, since the ledger serves as the lock where there is none.
export async function transact(name, mode, entry, deadline) {
  const opening = indexedDB.open("tokenkeeper", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("ledger");
  const database = await resultOf(opening);
  try {
    const transaction = database.transaction("ledger", mode);
    const table = transaction.objectStore("ledger");
    const was = (await resultOf(table.get(name))) ?? null;
    if (!entry) return was;
    const written = advances(was, entry, deadline);
    if (written) table.put(entry, name);
    await resultOf(transaction); // a full disk shows only then
    return written;
  } finally {
    database.close();
  }
}

// As Ledger::advance in src/core/ledger.rs, which says why; here, since it has to be judged inside the transaction. What is
// no entry of ours is nothing.
function advances(was, [family, generation, intent], deadline) {
  const [wasFamily, wasGeneration, wasIntent] = numbersIn(was, 3);
  if (!Number.isSafeInteger(wasFamily) || !Number.isSafeInteger(wasGeneration)) return true;
  const ahead = family - wasFamily || generation - wasGeneration;
  return !(ahead < 0 || (ahead === 0 && Math.abs(intent - wasIntent) < deadline));
}

function resultOf(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = request.oncomplete = () => resolve(request.result);
    request.onerror = request.onblocked = request.onabort = () => reject(request.error);
  });
}
