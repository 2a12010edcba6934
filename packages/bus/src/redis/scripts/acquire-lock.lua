--[[ acquire-lock: takes the publisher's lock, not yet with an epoch.

KEYS[1] the lock: '<epoch> <token> <holder>', epoch 0 until confirmed
ARGV[1] token, fresh for each attempt    ARGV[2] holder, free text    ARGV[3] ms to live

Returns {OK, ''} | {HELD, holder}
Races: the first one wins. A repeat with the same token returns OK. The epoch's counter lives in another slot of a cluster, so
the caller increments it while it holds the lock and then runs confirm-lock: see there.
]]
local value = redis.call('GET', KEYS[1])
if value then
  local _, token, holder = string.match(value, '^(%d+) (%x+) (.*)$')
  if token ~= ARGV[1] then return { REPLY.HELD, holder or value } end
end
redis.call('SET', KEYS[1], '0 ' .. ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
return { REPLY.OK, '' }
