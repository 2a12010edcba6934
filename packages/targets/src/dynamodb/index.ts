export { createDynamoDbTable, DynamoDbDriver } from './dynamodb-driver.ts';
