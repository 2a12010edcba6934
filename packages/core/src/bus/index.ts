export type {
  Ack,
  Bus,
  Consumer,
  DeadLetter,
  FenceReply,
  LockReply,
  Push,
  PushReply,
  QueueStatus,
  Registered,
  TaskCounts,
  Unsubscribe,
} from './bus.ts';
