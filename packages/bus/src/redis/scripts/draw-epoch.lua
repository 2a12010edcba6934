--[[ draw-epoch: the next number of the publishers' counter.

KEYS[1] the counter

Returns the number. A repeat draws another: numbers may be left out. Gets through when Redis is out of memory (see `WHEN_FULL`).
]]
return redis.call('INCR', KEYS[1])
