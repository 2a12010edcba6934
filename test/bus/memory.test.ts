import { testBus } from './conformance/test-bus.ts';
import { memoryPlace } from './harness.ts';
import { testModel } from './model.ts';

testBus('the memory of one process', () => memoryPlace);
testModel('the memory of one process', () => memoryPlace, 300);
