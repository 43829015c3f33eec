// What stands behind the receipts (src/core/receipt.rs): tokens, scopes, a server's own words. The machine never sees them.

// Their part of a desk (face.js).
export const receiptsOf = ((desk) => {
  const contents = new Map();
  let receipts = 0;

  return {
    receiptFor: ((content) => {
      contents.set(++receipts, content);
      return receipts;
    }),

    contentOf: ((receipt) => contents.get(receipt) ?? {}),

    // Forgets what nobody will ask for any more: after a logout, all of it.
    forget: (() => {
      for (const receipt of contents.keys()) if (!desk.keeper.needs(receipt)) contents.delete(receipt);
    }),
  };
});
