--[[ confirm-lock: writes the epoch that was drawn while the lock was held into it.

KEYS[1] the lock
ARGV[1] the token that acquired it    ARGV[2] epoch    ARGV[3] ms to live

Returns OK | LOST: it expired before this, and the epoch is never used.
Why epochs of holders grow: whoever is confirmed drew its number after its own acquire and before its confirm, and in between
nobody else held the lock; so it drew after every earlier holder and before every later one.
]]
local value = redis.call('GET', KEYS[1])
if not value then return REPLY.LOST end
local _, token, holder = string.match(value, '^(%d+) (%x+) (.*)$')
if token ~= ARGV[1] then return REPLY.LOST end
redis.call('SET', KEYS[1], ARGV[2] .. ' ' .. token .. ' ' .. holder, 'PX', ARGV[3])
return REPLY.OK
