vcl 4.1;
# The edge in front of the picture service, after what CloudFront does in deploy/image.yaml: few kinds of Accept, one
# request to the origin however many wait, stale pictures while a new one is made and while the origin fails.
#
# The origin's Cache-Control says how long: max-age or s-maxage, stale-while-revalidate, stale-if-error.

import std;

# `backend origin` and `acl purgers`: where the service is, and who may purge.
include "origin.vcl";

sub vcl_recv {
    if (req.method == "PURGE" || req.method == "BAN") {
        if (client.ip !~ purgers) {
            return (synth(403, "Forbidden"));
        }
        if (req.method == "PURGE") {
            # One URL, in all its formats and with all its parameters' order.
            call normalise_query;
            return (purge);
        }
        # Everything below a path: BAN /products/
        ban("obj.http.x-edge-url ~ ^" + regsub(req.url, "([][.?*+^$|(){}\\])", "\\\1"));
        return (synth(200, "Banned"));
    }
    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }
    # Metrics, purges of the service's own cache, health: never kept.
    if (req.url ~ "^/(metrics|healthz|readyz|-/)") {
        return (pass);
    }
    call normalise_query;
    call normalise_accept;
    unset req.http.Cookie;
    # A reader cannot make the edge ask again; PURGE can.
    unset req.http.Cache-Control;
    unset req.http.Pragma;
    # "first": as it comes. "renew": nothing old will do. "last": the origin has just failed, anything old will do.
    if (req.restarts == 0) {
        set req.http.x-edge-try = "first";
        unset req.http.x-edge-stale;
    }
    if (req.http.x-edge-try == "renew") {
        set req.grace = 0s;
    } else {
        set req.grace = 365d;
    }
    return (hash);
}

# Parameters in order, so that one picture is kept once.
sub normalise_query {
    set req.url = std.querysort(req.url);
}

sub normalise_accept {
    if (req.http.Accept ~ "(?i)image/avif" && req.http.Accept ~ "(?i)image/webp") {
        set req.http.Accept = "image/avif,image/webp";
    } elsif (req.http.Accept ~ "(?i)image/avif") {
        set req.http.Accept = "image/avif";
    } elsif (req.http.Accept ~ "(?i)image/webp") {
        set req.http.Accept = "image/webp";
    } else {
        set req.http.Accept = "image/*";
    }
}

sub vcl_hit {
    if (obj.ttl >= 0s) {
        return (deliver);
    }
    # Beyond its time: served while it is renewed for stale-while-revalidate, and when renewing fails for longer.
    if (obj.ttl + std.duration(obj.http.x-edge-revalidate, 0s) >= 0s || req.http.x-edge-try == "last") {
        set req.http.x-edge-stale = "yes";
        return (deliver);
    }
    set req.http.x-edge-try = "renew";
    return (restart);
}

sub vcl_backend_response {
    set beresp.http.x-edge-url = bereq.url;
    if (beresp.status >= 500) {
        # A failure never replaces a picture. The one who waits tries again, and then gets what is there.
        if (bereq.is_bgfetch || bereq.http.x-edge-try != "last") {
            return (abandon);
        }
        set beresp.ttl = 1s;
        set beresp.grace = 0s;
        set beresp.keep = 0s;
        return (deliver);
    }
    set beresp.http.x-edge-revalidate = "0s";
    if (beresp.http.Cache-Control ~ "stale-while-revalidate=[0-9]+") {
        set beresp.http.x-edge-revalidate =
            regsub(beresp.http.Cache-Control, "^.*stale-while-revalidate=([0-9]+).*$", "\1s");
    }
    set beresp.grace = std.duration(beresp.http.x-edge-revalidate, 0s);
    if (beresp.http.Cache-Control ~ "stale-if-error=[0-9]+") {
        set beresp.grace = std.duration(
            regsub(beresp.http.Cache-Control, "^.*stale-if-error=([0-9]+).*$", "\1s"), 0s);
    } elsif (beresp.grace < 1h) {
        set beresp.grace = 1h;
    }
    # Kept a day longer for its validator, so that the origin may answer 304.
    set beresp.keep = 24h;
    # The origin's Vary on Accept stays: normalised, it makes four kinds at most.
}

sub vcl_backend_error {
    # No answer at all is a failure like a 5xx.
    if (bereq.is_bgfetch || bereq.http.x-edge-try != "last") {
        return (abandon);
    }
    set beresp.http.Cache-Control = "no-store";
    set beresp.http.Retry-After = "5";
}

sub vcl_synth {
    if (resp.status == 503 && req.http.x-edge-try ~ "^(first|renew)$") {
        set req.http.x-edge-try = "last";
        return (restart);
    }
    set resp.http.Cache-Control = "no-store";
}

sub vcl_deliver {
    if (obj.hits > 0) {
        set resp.http.X-Cache = "HIT";
        if (req.http.x-edge-stale) {
            set resp.http.X-Cache = "STALE";
        }
    } else {
        set resp.http.X-Cache = "MISS";
    }
    unset resp.http.x-edge-url;
    unset resp.http.x-edge-revalidate;
    unset resp.http.Via;
    unset resp.http.X-Varnish;
}
