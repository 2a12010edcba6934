--[[ reclaim: gives elements that a dead consumer has claimed back to the head of the queue, in their order.

KEYS[1] the consumer's list    KEYS[2] the queue    KEYS[3 …] the queue's shares of the runs that the elements belong to
ARGV[1 …] for each element, newest first: its text on the list, its text from now on, the index of its share in KEYS (0 = it is in
  no ledger), its task, its ops

Returns how many elements were moved. Their ops count as duplicates: the dead consumer may have sent them.
A repeat finds nothing. Anyone may run it, several at once too: each element is moved, and its ops are counted, once.
Races: if the consumer lives after all, its ack finds its elements gone and counts nothing. What it has claimed since the caller
read the list stays: the caller looks again.
]]
local moved, counts = 0, {}
for at = 1, #ARGV, 5 do
  -- Newest first, from the tail on: the first one that LREM looks at is the right one.
  if redis.call('LREM', KEYS[1], -1, ARGV[at]) == 1 then
    redis.call('LPUSH', KEYS[2], ARGV[at + 1])
    moved = moved + 1
    local share = KEYS[tonumber(ARGV[at + 2])]
    if share then
      local fields = counts[share] or {}
      local field = 'duplicate:' .. ARGV[at + 3]
      fields[field] = (fields[field] or 0) + tonumber(ARGV[at + 4])
      counts[share] = fields
    end
  end
end
for share, fields in pairs(counts) do
  -- Writing to a hash that has expired would make a new one that never expires.
  if redis.call('HEXISTS', share, 'seq') == 1 then
    for field, ops in pairs(fields) do redis.call('HINCRBY', share, field, ops) end
  end
end
return moved
