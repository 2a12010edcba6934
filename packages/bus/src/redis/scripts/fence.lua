--[[ fence: shuts older publishers out of a queue and says where it stands.

KEYS[1] the queue's share of the run
ARGV[1] epoch of the publisher that takes over

Returns {OK, number of the last push, its beat}, 0 and -1 for none | {FENCED, the newer epoch}
A repeat returns the same. Races: a push of the older publisher is either before this (and counted in the number) or refused.
]]
local state = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'beat')
local newest = tonumber(state[1] or 0)
if tonumber(ARGV[1]) < newest then return { REPLY.FENCED, newest } end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1])
return { REPLY.OK, tonumber(state[2] or 0), tonumber(state[3] or -1) }
