--[[ point-run: makes a run the prefix's last one.

KEYS[1] the pointer: '<epoch> <run>'
ARGV[1] epoch of the run's publisher    ARGV[2] run    ARGV[3] ms to live

Returns OK | FENCED: a newer publisher's run is there, and stays.
It lies in another slot of a cluster than the run, so it is written after the run: it never names one that was never there.
]]
local epoch = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) ')
if epoch and tonumber(ARGV[1]) < tonumber(epoch) then return REPLY.FENCED end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
return REPLY.OK
