--[[ renew-lock: extends the publisher's lock.

KEYS[1] the lock
ARGV[1] epoch    ARGV[2] holder, replaces what was written    ARGV[3] ms to live

Returns OK | LOST: it has expired, or somebody else holds it.
]]
local value = redis.call('GET', KEYS[1])
if not value then return REPLY.LOST end
local epoch, token = string.match(value, '^(%d+) (%x+) ')
if epoch ~= ARGV[1] then return REPLY.LOST end
redis.call('SET', KEYS[1], epoch .. ' ' .. token .. ' ' .. ARGV[2], 'PX', ARGV[3])
return REPLY.OK
