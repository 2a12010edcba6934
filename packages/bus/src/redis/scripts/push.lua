--[[ push: appends one beat's elements to a queue, exactly once.

KEYS[1] the queue            KEYS[2] the queue's share of the run
ARGV[1] publisher's epoch    ARGV[2] number of this push in (run, queue), from 1
ARGV[3] the beat that the elements belong to
ARGV[4] n, pairs that follow ARGV[5 … 4+2n] task, ops published    ARGV[5+2n …] elements

Returns {OK, length of the queue} | {FENCED, the newer epoch} | {GAP, number of the last push}
A repeat of the last number (or an older one) by the same epoch appends nothing and returns OK.
Races: the highest epoch that a queue has seen wins it for good. A new epoch that repeats its predecessor's number gets GAP,
because the two pushes need not hold the same elements.
]]
local epoch, seq, pairs_ = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[4])
local state = redis.call('HMGET', KEYS[2], 'epoch', 'seq')
local newest, last = tonumber(state[1] or 0), tonumber(state[2] or 0)

if epoch < newest then return { REPLY.FENCED, newest } end
if seq <= last and epoch == newest then return { REPLY.OK, redis.call('LLEN', KEYS[1]) } end
if seq ~= last + 1 then return { REPLY.GAP, last } end

-- The first write is the one that Redis refuses when it is out of memory or the key is of another type: nothing is half done.
local length = nil
for from = 5 + 2 * pairs_, #ARGV, 5000 do
  length = redis.call('RPUSH', KEYS[1], unpack(ARGV, from, math.min(from + 4999, #ARGV)))
end
redis.call('HSET', KEYS[2], 'epoch', ARGV[1], 'seq', ARGV[2], 'beat', ARGV[3])
for at = 5, 3 + 2 * pairs_, 2 do
  redis.call('HINCRBY', KEYS[2], 'published:' .. ARGV[at], ARGV[at + 1])
end
return { REPLY.OK, length or redis.call('LLEN', KEYS[1]) }
