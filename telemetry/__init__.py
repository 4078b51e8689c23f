"""The record of a session, from the frame in the headset to a pandas table; depends on nothing of `vrrehab`."""
