--[[ reclaim: gives back all that a dead consumer has claimed, to the head of the queue, in its order.

KEYS[1] the consumer's list    KEYS[2] the queue

Returns how many elements. Anyone may run it, several at once too: each element is moved once.
Races: if the consumer lives after all, its ack finds its elements gone and counts them as duplicates.
]]
local moved = 0
while redis.call('LMOVE', KEYS[1], KEYS[2], 'RIGHT', 'LEFT') do moved = moved + 1 end
return moved
