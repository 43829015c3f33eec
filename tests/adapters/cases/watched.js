// A manager whose listeners are counted.

export function watched(manager) {
  const { subscribe } = manager;
  let listeners = 0;
  manager.subscribe = (listener) => {
    listeners++;
    const stop = subscribe(listener);
    return () => {
      listeners--;
      stop();
    };
  };
  return { manager, listeners: () => listeners };
}
