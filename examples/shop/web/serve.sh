# The first process of a container gets no signal that it does not ask for, so SIGTERM is passed on by hand.
httpd -f -p 8081 -h /srv -u nobody &
trap 'kill $!; exit 0' TERM INT
wait
