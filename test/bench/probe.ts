/**
 * Preloaded into the measured service (`node --import`), so that nothing of this has to stand in the product: answers each IPC
 * message `collect` with the memory left after a full collection.
 */
process.on('message', (message) => {
  if (message !== 'collect') return;
  globalThis.gc?.();
  globalThis.gc?.();
  process.send?.({ heapBytes: process.memoryUsage().heapUsed });
});
process.channel?.unref();
