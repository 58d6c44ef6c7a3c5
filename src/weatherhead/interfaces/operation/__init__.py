"""The face that machines look at: is it alive, is it ready, how is it doing. Nothing here names a person."""
