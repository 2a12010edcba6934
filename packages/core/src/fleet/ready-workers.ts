import type { Bus } from '../bus/index.ts';
import { decodeWorkerInfo } from './worker-info.ts';

/** The workers that are claiming and listen to commands. */
export async function readyWorkers(bus: Bus): Promise<string[]> {
  const registered = await bus.workers();
  return registered.filter(({ info }) => decodeWorkerInfo(info)?.ready === true).map(({ worker }) => worker);
}
