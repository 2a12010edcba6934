--[[ bury: sets an element that nobody could read aside.

KEYS[1] the consumer's list    KEYS[2] the queue's dead-letter list
ARGV[1] the element    ARGV[2] the letter (JSON)    ARGV[3] most letters to keep

Returns how many were set aside: 0 or 1. A letter is written as '<seconds> <microseconds> <JSON>', the server's time.
A repeat, or a race lost to reclaim, finds nothing on the list and writes nothing.
]]
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then return 0 end
local now = redis.call('TIME')
redis.call('RPUSH', KEYS[2], now[1] .. ' ' .. now[2] .. ' ' .. ARGV[2])
redis.call('LTRIM', KEYS[2], -tonumber(ARGV[3]), -1)
return 1
