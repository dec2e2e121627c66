# Cache policy for Varnish: asgi-nocache VERSION, policy 363b441cf406.
# Do not edit: change the rules and export again.
# Up to date? asgi-nocache export varnish shop:app --check -o HERE

# Call these from your own subroutines; none of them ends one, but for nocache_recv,
# which may return (pass). Paths are compared as they were sent, and never changed.

import cookie;
import std;

# Which rule a request is for: the first that matches; 0 is the default. Rules that say
# the same share a number.
sub nocache_find {
  # A long path is never-store, too: PCRE gives up on long paths.
  if (req.http.X-Nocache-Path ~ "^.{500}") {
    set req.http.X-Nocache-Rule = "0"; return;
  }
  # Only a path that has one reading may be more than never-store.
  if (req.http.X-Nocache-Path !~ "^(?:/|(?:/\.?[A-Za-z0-9_~!$&'()*+,=:@-](?:\.|[A-Za-z0-9_~!$&'()*+,=:@-])*)+/?)$") {
    set req.http.X-Nocache-Rule = "0"; return;
  }
  # Rule 1: Rule('/static/**', PUBLIC(max_age=3600))
  # hashed file names
  if (req.http.X-Nocache-Path ~ "^/static(?:/|$)") {
    set req.http.X-Nocache-Rule = "1"; return;
  }
  # Rule 2: Rule('/me', PRIVATE(max_age=30))
  if (req.http.X-Nocache-Path == "/me" && req.method ~ "^(?:GET|HEAD)$") {
    set req.http.X-Nocache-Rule = "2"; return;
  }
  set req.http.X-Nocache-Rule = "0"; return;
}

# What a request may be answered with.
sub nocache_recv {
  # Nobody outside may speak for us.
  unset req.http.X-Nocache-Rule;
  set req.http.X-Nocache-Path = regsub(req.url, "\?.*$", "");
  call nocache_find;
  unset req.http.X-Nocache-Path;
  # Never-store: no copy is confirmed, whoever has it.
  if (req.method ~ "^(?:GET|HEAD)$" && req.http.X-Nocache-Rule !~ "^(?:1|2)$") {
    unset req.http.If-None-Match;
    unset req.http.If-Modified-Since;
    if (req.http.If-Range) {
      unset req.http.If-Range;
      unset req.http.Range;
    }
  }
  # These rules leave something for this cache; all else passes it by.
  if (req.http.X-Nocache-Rule !~ "^(?:1)$" || !(req.method ~ "^(?:GET|HEAD)$")) {
    return (pass);
  }
  # Authorization changes what these say.
  if (req.http.Authorization && req.http.X-Nocache-Rule ~ "^(?:1)$") {
    return (pass);
  }
}

# The app does not see our field. VCL has no variables: until the response is there,
# the number waits in the jar of vmod_cookie, which is this fetch's own.
sub nocache_backend_fetch {
  if (bereq.http.X-Nocache-Rule) {
    cookie.set("X-Nocache-Rule", bereq.http.X-Nocache-Rule);
  }
  unset bereq.http.X-Nocache-Rule;
}

# What several rules ask of a response.
sub nocache_look {
  unset beresp.http.X-Nocache-More;
  unset beresp.http.X-Nocache-Mismatch;
  # What says something of caching beside Cache-Control.
  if (
      beresp.http.Pragma
      || beresp.http.CDN-Cache-Control
      || beresp.http.Surrogate-Control
      || beresp.http.X-Accel-Expires
      || beresp.http.Edge-Control
      || beresp.http.No-Vary-Search
      || beresp.http.Akamai-CDN-Cache-Control
      || beresp.http.Cloudflare-CDN-Cache-Control
      || beresp.http.Fastly-CDN-Cache-Control
      || beresp.http.Netlify-CDN-Cache-Control
      || beresp.http.Vercel-CDN-Cache-Control
  ) {
    set beresp.http.X-Nocache-More = "yes";
  }
  # Dynamic content where a path looks static.
  if (beresp.http.Content-Type ~ "(?i)^[^;]*(?:html|json|xml|text/plain|csv|javascript|event-stream)") {
    if (
        bereq.url ~ "(?i)^[^?]*\.(?:cjs|js|mjs)(?:\?|$)"
        && beresp.http.Content-Type !~ "(?i)^[^;]*(?:javascript|ecmascript)"
    ) {
      set beresp.http.X-Nocache-Mismatch = "yes";
    }
    if (
        bereq.url ~ "(?i)^[^?]*\.(?:geojson|json|map|webmanifest)(?:\?|$)"
        && beresp.http.Content-Type !~ "(?i)^[^;]*(?:json)"
    ) {
      set beresp.http.X-Nocache-Mismatch = "yes";
    }
    if (
        bereq.url ~ "(?i)^[^?]*\.(?:log|md|txt)(?:\?|$)"
        && beresp.http.Content-Type !~ "(?i)^[^;]*(?:text/plain|markdown)"
    ) {
      set beresp.http.X-Nocache-Mismatch = "yes";
    }
    if (
        bereq.url ~ "(?i)^[^?]*\.(?:atom|kml|rss|xml|xsl)(?:\?|$)"
        && beresp.http.Content-Type !~ "(?i)^[^;]*(?:xml)"
    ) {
      set beresp.http.X-Nocache-Mismatch = "yes";
    }
    if (
        bereq.url ~ "(?i)^[^?]*\.(?:htm|html|xhtml)(?:\?|$)"
        && beresp.http.Content-Type !~ "(?i)^[^;]*(?:html)"
    ) {
      set beresp.http.X-Nocache-Mismatch = "yes";
    }
    if (
        bereq.url ~ "(?i)^[^?]*\.(?:avif|bmp|gif|ico|jpeg|jpg|png|svg|svgz|tif|tiff|webp)(?:\?|$)"
        && beresp.http.Content-Type !~ "(?i)^[^;]*(?:image/)"
    ) {
      set beresp.http.X-Nocache-Mismatch = "yes";
    }
    if (
        bereq.url ~ "(?i)^[^?]*\.(?:eot|otf|ttf|woff|woff2)(?:\?|$)"
        && beresp.http.Content-Type !~ "(?i)^[^;]*(?:font)"
    ) {
      set beresp.http.X-Nocache-Mismatch = "yes";
    }
    if (
        bereq.url ~ "(?i)^[^?]*\.(?:avi|flac|mid|midi|mkv|mov|mp3|mp4|ogg|wav|webm)(?:\?|$)"
        && beresp.http.Content-Type !~ "(?i)^[^;]*(?:audio/|video/)"
    ) {
      set beresp.http.X-Nocache-Mismatch = "yes";
    }
    if (
        bereq.url ~ "(?i)^[^?]*\.(?:7z|apk|bin|bz2|class|dmg|doc|docx|ejs|eps|exe|gz|iso|jar|pdf|pict|ppt|pptx|ps|rar|swf|tar|tgz|wasm|xls|xlsx|zip|zst)(?:\?|$)"
        && beresp.http.Content-Type !~ "(?i)^[^;]*(?:application/vnd\.)"
    ) {
      set beresp.http.X-Nocache-Mismatch = "yes";
    }
    if (
        bereq.url ~ "(?i)^[^?]*\.(?:css)(?:\?|$)"
        && beresp.http.Content-Type !~ "(?i)^[^;]*(?:css)"
    ) {
      set beresp.http.X-Nocache-Mismatch = "yes";
    }
    if (
        bereq.url ~ "(?i)^[^?]*\.(?:csv)(?:\?|$)"
        && beresp.http.Content-Type !~ "(?i)^[^;]*(?:csv)"
    ) {
      set beresp.http.X-Nocache-Mismatch = "yes";
    }
  }
}

# Rule 1: Rule('/static/**', PUBLIC(max_age=3600))
sub nocache_answer_1 {
  if (
      (beresp.status >= 400 && beresp.status <= 599)
      || !(bereq.method ~ "^(?:GET|HEAD|OPTIONS)$")
      || (beresp.http.X-Nocache-Mismatch && (beresp.status == 200 || beresp.status == 203 || beresp.status == 206))
      || beresp.http.X-Nocache-More
      || (!beresp.http.Cache-Control && beresp.http.Expires)
  ) {
    set beresp.http.X-Nocache-Say = "never";
  }
  elsif (
      beresp.http.Cache-Control ~ "^(?:private, no-cache, must-revalidate, max-age=0)$"
      || beresp.http.Cache-Control ~ "^(?:private, (?:must-revalidate, )?max-age=(?:[0-9]{1,3}|[1-2][0-9]{3}|3[0-5][0-9]{2}|3600))$"
  ) {
    set beresp.http.X-Nocache-Say = "the app's Cache-Control";
  }
  elsif (beresp.http.Set-Cookie && !beresp.http.Cache-Control) {
    set beresp.http.X-Nocache-Say = "private, max-age=3600";
  }
  elsif (beresp.http.Set-Cookie) {
    set beresp.http.X-Nocache-Say = "never";
  }
  elsif (bereq.http.Authorization && !beresp.http.Cache-Control) {
    set beresp.http.X-Nocache-Say = "private, max-age=3600";
  }
  elsif (bereq.http.Authorization) {
    set beresp.http.X-Nocache-Say = "never";
  }
  elsif (!beresp.http.Cache-Control) {
    set beresp.http.X-Nocache-Say = "public, max-age=3600";
  }
  elsif (
      beresp.http.Cache-Control ~ "^(?:public, max-age=3600)$"
      || beresp.http.Cache-Control ~ "^(?:(?:public, )?(?:must-revalidate, )?max-age=(?:[0-9]{1,3}|[1-2][0-9]{3}|3[0-5][0-9]{2}|3600))$"
  ) {
    set beresp.http.X-Nocache-Say = "the app's Cache-Control";
  }
  elsif (beresp.http.Cache-Control ~ "^(?:public, max-age=[0-9]+)$") {
    set beresp.http.X-Nocache-Say = "public, max-age=3600";
  }
  else {
    set beresp.http.X-Nocache-Say = "never";
  }
}

# Rule 2: Rule('/me', PRIVATE(max_age=30))
sub nocache_answer_2 {
  if (
      (beresp.status >= 400 && beresp.status <= 599)
      || beresp.http.X-Nocache-More
      || (!beresp.http.Cache-Control && beresp.http.Expires)
  ) {
    set beresp.http.X-Nocache-Say = "never";
  }
  elsif (
      beresp.http.Cache-Control ~ "^(?:private, no-cache, must-revalidate, max-age=0)$"
      || beresp.http.Cache-Control ~ "^(?:private, (?:must-revalidate, )?max-age=(?:[0-9]{1,1}|[1-2][0-9]{1}|30))$"
      || beresp.http.Cache-Control ~ "^(?:private, max-age=30)$"
  ) {
    set beresp.http.X-Nocache-Say = "the app's Cache-Control";
  }
  elsif (!beresp.http.Cache-Control) {
    set beresp.http.X-Nocache-Say = "private, max-age=30";
  }
  elsif (beresp.http.Cache-Control ~ "^(?:(?:public, )?max-age=(?:[0-9]{1,1}|[1-2][0-9]{1}|30))$") {
    set beresp.http.X-Nocache-Say = "never";
  }
  elsif (beresp.http.Cache-Control ~ "^(?:(?:public, )?max-age=[0-9]+)$") {
    set beresp.http.X-Nocache-Say = "private, max-age=30";
  }
  else {
    set beresp.http.X-Nocache-Say = "never";
  }
}

# What the app's response may say.
sub nocache_backend_response {
  set beresp.http.X-Nocache-Say = "never";
  set beresp.http.X-Nocache-Rule = cookie.get("X-Nocache-Rule");
  std.collect(beresp.http.Cache-Control);
  call nocache_look;
  if (beresp.http.X-Nocache-Rule == "1") {
    call nocache_answer_1;
  }
  elsif (beresp.http.X-Nocache-Rule == "2") {
    call nocache_answer_2;
  }
  unset beresp.http.X-Nocache-Rule;
  unset beresp.http.X-Nocache-More;
  unset beresp.http.X-Nocache-Mismatch;
  call nocache_store;
}

# What this cache keeps, and how long: what leaves says so. Varnish alone would serve
# ten seconds more (grace).
sub nocache_store {
  if (beresp.http.Set-Cookie || beresp.http.Vary ~ "[*]") {
    set beresp.uncacheable = true; set beresp.ttl = 120s;
  }
  elsif (beresp.http.X-Nocache-Say == "public, max-age=3600") {
    set beresp.ttl = 3600s - beresp.age; set beresp.grace = 0s;
  }
  elsif (
      beresp.http.X-Nocache-Say == "the app's Cache-Control"
      && beresp.http.Cache-Control ~ "(?i)(?:^|[, ])(?:s-maxage|max-age)=[0-9]"
      && beresp.http.Cache-Control !~ "(?i)no-store|no-cache|private|must-understand"
  ) {
    # Stale only where the app says so, too.
    if (
        beresp.http.Cache-Control !~ "(?i)stale-while-revalidate=[0-9]"
        || beresp.http.Cache-Control ~ "(?i)(?:must|proxy)-revalidate|s-maxage"
    ) {
      set beresp.grace = 0s;
    }
  }
  else {
    set beresp.uncacheable = true; set beresp.ttl = 120s;
  }
}

# All that says something of caching.
sub nocache_clear {
  unset resp.http.Cache-Control;
  unset resp.http.Pragma;
  unset resp.http.Expires;
  unset resp.http.CDN-Cache-Control;
  unset resp.http.Surrogate-Control;
  unset resp.http.X-Accel-Expires;
  unset resp.http.Edge-Control;
  unset resp.http.No-Vary-Search;
  unset resp.http.Akamai-CDN-Cache-Control;
  unset resp.http.Cloudflare-CDN-Cache-Control;
  unset resp.http.Fastly-CDN-Cache-Control;
  unset resp.http.Netlify-CDN-Cache-Control;
  unset resp.http.Vercel-CDN-Cache-Control;
}

# Never-store.
sub nocache_never {
  call nocache_clear;
  set resp.http.Cache-Control = "no-store, no-cache, must-revalidate, private, max-age=0";
  set resp.http.Pragma = "no-cache";
  set resp.http.Expires = "Thu, 01 Jan 1970 00:00:01 GMT";
  # Nor does Varnish confirm a copy that somebody has.
  unset req.http.If-None-Match;
  unset req.http.If-Modified-Since;
}

# What leaves. An error that Varnish made has no word of the app's: never-store.
sub nocache_deliver {
  if (resp.http.X-Nocache-Say == "the app's Cache-Control") {
    unset resp.http.Pragma;
    unset resp.http.Expires;
    unset resp.http.CDN-Cache-Control;
    unset resp.http.Surrogate-Control;
    unset resp.http.X-Accel-Expires;
    unset resp.http.Edge-Control;
    unset resp.http.No-Vary-Search;
    unset resp.http.Akamai-CDN-Cache-Control;
    unset resp.http.Cloudflare-CDN-Cache-Control;
    unset resp.http.Fastly-CDN-Cache-Control;
    unset resp.http.Netlify-CDN-Cache-Control;
    unset resp.http.Vercel-CDN-Cache-Control;
  }
  elsif (resp.http.X-Nocache-Say == "private, max-age=3600") {
    call nocache_clear;
    set resp.http.Cache-Control = "private, max-age=3600";
  }
  elsif (resp.http.X-Nocache-Say == "public, max-age=3600") {
    call nocache_clear;
    set resp.http.Cache-Control = "public, max-age=3600";
  }
  elsif (resp.http.X-Nocache-Say == "private, max-age=30") {
    call nocache_clear;
    set resp.http.Cache-Control = "private, max-age=30";
  }
  else {
    call nocache_never;
  }
  unset resp.http.X-Nocache-Say;
}

# What Varnish answers by itself is never-store.
sub nocache_synth {
  call nocache_never;
}
