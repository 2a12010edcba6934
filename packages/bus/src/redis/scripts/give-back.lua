--[[ give-back: returns claimed elements to the head of the queue, in their order.

KEYS[1] the consumer's list    KEYS[2] the queue
ARGV[1 …] elements, oldest first

Returns how many were returned. A repeat finds nothing to return.
Races: an element that is no longer on the list was reclaimed and is left alone.
]]
local returned = 0
for at = #ARGV, 1, -1 do
  if redis.call('LREM', KEYS[1], -1, ARGV[at]) == 1 then
    redis.call('LPUSH', KEYS[2], ARGV[at])
    returned = returned + 1
  end
end
return returned
