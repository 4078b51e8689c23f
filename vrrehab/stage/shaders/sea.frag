// Water: the sky mirrored in small waves, its own colour below them, a soft foam where it ends.

uniform sampler2DArray patterns;
in vec3 position;
in float water;
in vec3 shallows;
in vec3 deeps;
flat in vec3 eye;
out vec4 pixel;

const float CLOUD_LAYER = 9.0;
const float CYCLE = 0.0261799;

void main() {
    vec3 to = eye - position;
    float away = length(to);
    vec3 towards_eye = to / away;
    vec2 at = position.xz;
    // Tiles pass by whole in four minutes.
    vec4 large = texture(patterns, vec3(at / vec2(5.0, 3.2) + vec2(3.0, -11.0) * NOW / 240.0, CLOUD_LAYER));
    vec4 small = texture(patterns, vec3(at.yx / vec2(1.3, 1.9) + vec2(-17.0, 9.0) * NOW / 240.0, CLOUD_LAYER));
    vec2 slope = 0.15 * (large.ba - 0.5) + 0.09 * (small.ab - 0.5);
    float calm = 1.0 / (1.0 + 0.012 * away);
    vec3 n = normalize(vec3(slope.x * calm, 1.0, slope.y * calm));
    float facing = max(dot(n, towards_eye), 0.0);
    float fresnel = 0.02 + 0.98 * pow(1.0 - facing, 5.0);
    // Of far waves one sees the sides that face the eye, which mirror the sky higher up.
    vec3 ray = reflect(-towards_eye, n);
    ray.y = abs(ray.y) + 0.22 * (1.0 - calm) + 0.05;
    ray = normalize(ray);
    vec3 light = SUN * max(SUN_DIRECTION.y, 0.0) + FROM_ABOVE;
    float below = 1.0 - exp(-0.55 * max(water, 0.0));
    vec3 body = mix(shallows, deeps, below) * light;
    // Sand shines up through the first half metre, and waves show as paler and darker water.
    body *= 1.0 + 0.9 * (slope.y + slope.x) * calm;
    float mirrored = min(0.80 * fresnel, 0.62);
    vec3 radiance = mix(body, clear_sky(ray), mirrored);
    float glint = max(dot(ray, SUN_DIRECTION), 0.0);
    glint *= glint;
    glint *= glint;
    glint *= glint;
    glint *= glint;
    radiance += SUN * 0.16 * glint * (0.4 + 0.6 * calm) * smoothstep(0.1, 0.8, water);
    float lace = 0.5 * (large.r + small.g);
    float foam = 1.0 - smoothstep(0.015, 0.075 + 0.10 * (lace - 0.35), water);
    foam += 0.55 * (1.0 - smoothstep(0.0, 0.035, abs(water - 0.17 - 0.06 * lace))) * smoothstep(0.42, 0.62, lace);
    radiance = mix(radiance, 0.88 * light, clamp(0.75 * foam, 0.0, 0.8));
    radiance = mix(radiance, HORIZON, 0.55 * (1.0 - exp(-away / 1400.0)));
    float alpha = smoothstep(-0.004, 0.012, water) * mix(0.55, 1.0, smoothstep(0.0, 0.55, water + 0.5 * foam));
    pixel = vec4(to_display(radiance), alpha);
}
