/**
 * Calls `onSignal` with how many times the user or the system has asked this process to end, and with what. The third
 * time ends it at once.
 * @returns takes the listeners away again.
 */
export function onInterrupts(onSignal: (times: number, signal: 'SIGINT' | 'SIGTERM') => void): () => void {
  let times = 0;
  const listen = (signal: 'SIGINT' | 'SIGTERM') => () => {
    times += 1;
    if (times > 2) process.exit(130);
    onSignal(times, signal);
  };
  const [onInt, onTerm] = [listen('SIGINT'), listen('SIGTERM')];
  process.on('SIGINT', onInt);
  process.on('SIGTERM', onTerm);
  return () => {
    process.off('SIGINT', onInt);
    process.off('SIGTERM', onTerm);
  };
}
