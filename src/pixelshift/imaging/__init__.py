"""The imaging core: plan a request from the header alone, then run the plan. Pure: no I/O, no clock, no environment."""
