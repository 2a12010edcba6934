--[[ ack: takes finished elements off a consumer's list and their outcome into the ledger, exactly once.

KEYS[1] the consumer's list    KEYS[2] the queue's share of the run
ARGV[1] consumer    ARGV[2] number of this ack in (consumer, run), growing; a consumer sends one at a time
ARGV[3 …] element, task, ok, failed, dropped; the same again for the next element

Returns REPLY.OK | REPLY.LOST: the run has expired, nothing is counted.
A repeat of a number changes nothing: an answer that was lost is simply asked for again.
Races: an element that is no longer on the list was reclaimed and belongs to somebody else, who acknowledges it as well; all of
its ops count as duplicates here, so that each op is in exactly one of ok, failed, dropped.
]]
local mark = 'ack:' .. ARGV[1]
local state = redis.call('HMGET', KEYS[2], 'seq', mark)
local known = state[1]
if state[2] and tonumber(state[2]) >= tonumber(ARGV[2]) then return REPLY.OK end

local counts = {}
local function count(column, task, ops)
  if ops > 0 then
    local field = column .. ':' .. task
    counts[field] = (counts[field] or 0) + ops
  end
end

for at = 3, #ARGV, 5 do
  local task = ARGV[at + 1]
  local ok, failed, dropped = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  if redis.call('LREM', KEYS[1], 1, ARGV[at]) == 1 then
    count('ok', task, ok)
    count('failed', task, failed)
    count('dropped', task, dropped)
  else
    count('duplicate', task, ok + failed + dropped)
  end
end

-- Writing to a hash that has expired would make a new one that never expires.
if not known then return REPLY.LOST end
redis.call('HSET', KEYS[2], mark, ARGV[2])
for field, ops in pairs(counts) do redis.call('HINCRBY', KEYS[2], field, ops) end
return REPLY.OK
