import type { Item } from '@drumline/core/data';
import type { ValueSource } from '../driver-options.ts';
import { attributesOf, idAttribute, namesOf } from './attribute.ts';

const CAPACITY = '"ReturnConsumedCapacity":"TOTAL"';

/**
 * Writes request bodies of one table as JSON text, by concatenation: the SDK's way over objects and codecs costs several
 * times the request itself. Names of columns always go through `#0`, `#1`… so that reserved words and dashes are names
 * like others.
 */
export class TableText {
  readonly #table: string;
  readonly #tail: string;
  readonly #consistent: string;

  constructor(tableName: string, consistentRead: boolean) {
    this.#table = JSON.stringify(tableName);
    this.#tail = `"TableName":${this.#table},${CAPACITY}}`;
    this.#consistent = consistentRead ? '"ConsistentRead":true,' : '';
  }

  putItem(item: Item, values: ValueSource): string {
    return `{"Item":${rowText(item, values)},${this.#tail}`;
  }

  updateItem(item: Item, values: ValueSource): string {
    const key = `{"Key":{${idAttribute(item.key)}},`;
    const attributes = attributesOf(item, values);
    if (attributes.length === 0) return key + this.#tail;
    let expression = '';
    let names = '';
    let settings = '';
    for (const [i, { name, value }] of attributes.entries()) {
      const comma = i === 0 ? '' : ',';
      expression += `${comma}#${i}=:${i}`;
      names += `${comma}"#${i}":${name}`;
      settings += `${comma}":${i}":${value}`;
    }
    return (
      `${key}"UpdateExpression":"SET ${expression}","ExpressionAttributeNames":{${names}},` +
      `"ExpressionAttributeValues":{${settings}},${this.#tail}`
    );
  }

  getItem(item: Item): string {
    return `{"Key":{${idAttribute(item.key)}},${this.#consistent}${this.#tail}`;
  }

  getSubItem(item: Item): string {
    return `{"Key":{${idAttribute(item.key)}},${this.#consistent}${projectionText(namesOf([item]))}${this.#tail}`;
  }

  deleteItem(item: Item): string {
    return `{"Key":{${idAttribute(item.key)}},${this.#tail}`;
  }

  /**
   * @param limit rows at most; `undefined` = as many as a page holds.
   * @param names of the attributes to read, escaped; none = all.
   * @param after `LastEvaluatedKey` of the page before, as JSON text.
   */
  query(key: string, limit: number | undefined, names: readonly string[], after: string | undefined): string {
    const aliases = names.map((name, i) => `,"#${i}":${name}`).join('');
    const projection = names.length === 0 ? '' : `"ProjectionExpression":"${names.map((_, i) => `#${i}`).join()}",`;
    return (
      `{"KeyConditionExpression":"#k=:k","ExpressionAttributeNames":{"#k":"id"${aliases}},` +
      `"ExpressionAttributeValues":{":k":{"S":"${key}"}},${projection}${this.#consistent}` +
      `${limit === undefined ? '' : `"Limit":${limit},`}${after === undefined ? '' : `"ExclusiveStartKey":${after},`}${this.#tail}`
    );
  }

  /** @param keys JSON text of each key. @param names see `query`. */
  batchGet(keys: readonly string[], names: readonly string[]): string {
    return (
      `{"RequestItems":{${this.#table}:{${this.#consistent}${projectionText(names)}` +
      `"Keys":[${keys.join()}]}},${CAPACITY}}`
    );
  }

  /** @param requests JSON text of each PutRequest or DeleteRequest. */
  batchWrite(requests: readonly string[]): string {
    return `{"RequestItems":{${this.#table}:[${requests.join()}]},${CAPACITY}}`;
  }
}

/** A whole item, key and columns, as JSON text. */
export function rowText(item: Item, values: ValueSource): string {
  let text = `{${idAttribute(item.key)}`;
  for (const { name, value } of attributesOf(item, values)) text += `,${name}:${value}`;
  return `${text}}`;
}

function projectionText(names: readonly string[]): string {
  if (names.length === 0) return '';
  const aliases = names.map((name, i) => `"#${i}":${name}`).join();
  return `"ProjectionExpression":"${names.map((_, i) => `#${i}`).join()}","ExpressionAttributeNames":{${aliases}},`;
}
