export type {
  Ack,
  Bus,
  Consumer,
  DeadLetter,
  LockReply,
  Push,
  PushReply,
  QueueStatus,
  Registered,
  TaskCounts,
  Unsubscribe,
} from './bus.ts';
