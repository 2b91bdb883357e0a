set prompt (rr) 
set confirm off
set sysroot /
set remotetimeout 10000
set auto-connect-native-target off
set breakpoint always-inserted on
set displaced-stepping off
