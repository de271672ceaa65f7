"""The wire: bounded HTTP/1.1 exchanges, the guard on dialled addresses, AWS signatures. Standard library only."""
