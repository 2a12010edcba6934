--[[ read-clock: what the fleet's clock says.

KEYS[1] the correction, µs to add to TIME; absent = 0. As a key it also names the one node of a cluster whose clock counts

Returns seconds and microseconds of TIME, and the correction, as texts.
]]
local time = redis.call('TIME')
return { time[1], time[2], redis.call('GET', KEYS[1]) or '0' }
