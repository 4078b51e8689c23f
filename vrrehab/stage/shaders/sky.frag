// A clear sky with a few soft clouds that drift slower than one sees.

uniform sampler2DArray patterns;
in vec3 way;
out vec4 pixel;

const float CLOUD_LAYER = 9.0;

void main() {
    vec3 w = normalize(way);
    vec3 sky = clear_sky(w);
    float high = smoothstep(0.015, 0.20, w.y);
    if (high > 0.0) {
        vec2 at = w.xz / (w.y + 0.22) * 0.17 + vec2(0.00045, 0.0002) * NOW;
        float heap = texture(patterns, vec3(at, CLOUD_LAYER)).r;
        float frayed = texture(patterns, vec3(3.1 * at + 0.37, CLOUD_LAYER)).g;
        float thick = heap + 0.30 * (frayed - 0.5);
        float cover = smoothstep(0.78 - 0.6 * CLOUDS, 1.10 - 0.6 * CLOUDS, thick) * high;
        vec3 lit = 0.52 * SUN + 0.85 * FROM_ABOVE;
        vec3 shaded = 0.30 * SUN + 0.55 * FROM_ABOVE + 0.30 * HORIZON;
        sky = mix(sky, mix(lit, shaded, smoothstep(0.35, 1.0, cover)), 0.85 * cover);
    }
    float disc = smoothstep(0.9990, 0.9997, dot(w, SUN_DIRECTION));
    pixel = vec4(to_display(sky + disc * 0.6 * SUN), 1.0);
}
