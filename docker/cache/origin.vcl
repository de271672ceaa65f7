backend origin {
    .host = "service";
    .port = "8000";
    .connect_timeout = 2s;
    .first_byte_timeout = 35s;
    .between_bytes_timeout = 10s;
    .max_connections = 200;
}

# The networks that Docker gives to compose projects, and the edge itself.
acl purgers {
    "127.0.0.1";
    "172.16.0.0"/12;
}
