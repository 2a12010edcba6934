--[[ ack: takes finished elements off a consumer's list and their outcome into the ledger, exactly once.

KEYS[1] the consumer's list    KEYS[2] the queue's share of the run
ARGV[1] consumer    ARGV[2] number of this ack in (consumer, run), growing; a consumer sends one at a time
ARGV[3] number of the consumer's last ack in this share that was answered; 0 = none
ARGV[4 …] element, task, ok, failed, dropped, digest (16 hex digits, or '' for none); the same again for the next element

Returns the places (from 1) of the elements that were no longer on the list: nothing is counted for them.
A repeat of a number changes nothing and returns the same: an answer that was lost is simply asked for again.
Races: an element that is no longer on the list was reclaimed and belongs to somebody else, who acknowledges it too, under a text
of its own; so each op is in exactly one of ok, failed, dropped, and in the digest once.
When the run has expired, elements leave the list and nothing is counted.
An ack that was answered and has left no mark was forgotten by the server (restarted without it, failed over): the share is marked as
`lost`, because its counts are no longer what was confirmed.
]]
local mark = 'ack:' .. ARGV[1]
local state = redis.call('HMGET', KEYS[2], 'seq', mark)
local known = state[1]
local gone, counts, digests = {}, {}, {}
local seq, places = string.match(state[2] or '0', '^(%d+)(.*)$')
if state[2] and tonumber(seq) >= tonumber(ARGV[2]) then
  for place in string.gmatch(places, '%d+') do gone[#gone + 1] = tonumber(place) end
  return gone
end

local function count(column, task, ops)
  if ops ~= '0' then
    local field = column .. ':' .. task
    counts[field] = (counts[field] or 0) + tonumber(ops)
  end
end
-- A digest is the sum modulo 2^64, kept as two halves: Lua's numbers hold 53 bits.
local function addDigest(task, digest)
  local sum = digests[task] or { 0, 0 }
  local low = sum[2] + tonumber(string.sub(digest, 9), 16)
  local high = sum[1] + tonumber(string.sub(digest, 1, 8), 16) + math.floor(low / 2 ^ 32)
  digests[task] = { high % 2 ^ 32, low % 2 ^ 32 }
end

for at = 4, #ARGV, 6 do
  if redis.call('LREM', KEYS[1], 1, ARGV[at]) == 1 then
    local task = ARGV[at + 1]
    count('ok', task, ARGV[at + 2])
    count('failed', task, ARGV[at + 3])
    count('dropped', task, ARGV[at + 4])
    if ARGV[at + 5] ~= '' then addDigest(task, ARGV[at + 5]) end
  else
    gone[#gone + 1] = (at + 2) / 6
  end
end

-- Writing to a hash that has expired would make a new one that never expires.
if not known then return gone end
if tonumber(seq) < tonumber(ARGV[3]) then redis.call('HSET', KEYS[2], 'lost', 1) end
redis.call('HSET', KEYS[2], mark, table.concat({ ARGV[2], unpack(gone) }, ' '))
for field, ops in pairs(counts) do redis.call('HINCRBY', KEYS[2], field, ops) end
for task in pairs(digests) do
  local before = redis.call('HGET', KEYS[2], 'digest:' .. task)
  if before then addDigest(task, before) end
  redis.call('HSET', KEYS[2], 'digest:' .. task, string.format('%08x%08x', digests[task][1], digests[task][2]))
end
return gone
