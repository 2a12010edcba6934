export { DynamoDbDriver } from './dynamodb-driver.ts';
