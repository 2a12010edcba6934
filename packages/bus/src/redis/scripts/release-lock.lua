--[[ release-lock: lets go of the publisher's lock.

KEYS[1] the lock
ARGV[1] epoch

Returns OK | LOST: it is somebody else's, or nobody's, and is left alone.
]]
local value = redis.call('GET', KEYS[1])
if not value or string.match(value, '^(%d+) ') ~= ARGV[1] then return REPLY.LOST end
redis.call('DEL', KEYS[1])
return REPLY.OK
