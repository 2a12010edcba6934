--[[ correct-clock: replaces the correction of the fleet's clock.

KEYS[1] the correction
ARGV[1] the one that is to be in force now    ARGV[2] the new one    ARGV[3] ms to live

Returns OK | LOST: another one is in force, and nothing changes. A repeat changes nothing.
]]
local present = redis.call('GET', KEYS[1]) or '0'
if present == ARGV[2] and present ~= ARGV[1] then return REPLY.OK end
if present ~= ARGV[1] then return REPLY.LOST end
if ARGV[2] == '0' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return REPLY.OK
