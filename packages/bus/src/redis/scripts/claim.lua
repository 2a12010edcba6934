--[[ claim: moves elements from the head of a queue to a consumer's list, without waiting.

KEYS[1] the queue    KEYS[2] the consumer's list
ARGV[1] most elements to move

Returns the elements, oldest first; empty when the queue is.
Races: between consumers whoever runs first gets the element; nobody gets it twice. When the answer is lost the elements are on
the consumer's list, where it finds them by comparing the list with what it knows.
]]
local elements = redis.call('LPOP', KEYS[1], ARGV[1])
if not elements then return {} end
for from = 1, #elements, 5000 do
  redis.call('RPUSH', KEYS[2], unpack(elements, from, math.min(from + 4999, #elements)))
end
return elements
