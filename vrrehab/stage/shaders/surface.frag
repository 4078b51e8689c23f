// Metal-rough shading under one large window: diffuse from the window (shadowed) and from the room, and one
// prefiltered GGX reflection of both. Positions and normals are in session space.

uniform sampler2D shadow_map;
uniform mat4 shadow_from_world;

in vec3 position;
in vec3 normal;
flat in vec3 eye;
out vec4 pixel;

#ifdef BAKED
uniform sampler2DArray patterns;
in vec3 base;
in vec3 from_window;
in vec3 from_room;
in vec4 surface_finish; // roughness, emission, pattern, how strong the pattern is
in vec2 pattern_at;
#else
#ifdef SKINNED
flat in vec4 surface; // roughness, metalness, reflectance at normal incidence, whether light passes into it
#else
uniform vec4 surface;
#endif
in vec4 colour; // sRGB, and how open the place is to the room
#endif
#ifdef RELIEF
uniform sampler2D relief; // slopes along u and v; below a half crease, above it vein; nail: 0.5 and more, the paler
uniform vec3 nail_colour; // linear
in vec2 skin_at;
#endif
#ifdef FADES
flat in float shown;
#ifdef SKINNED
in float past;
#endif
#endif
#if defined(TARGETS) || defined(GLOWS)
in vec3 glow;
#endif

vec3 ambient(vec3 n) {
    vec3 square = n * n;
    return square.x * (n.x > 0.0 ? AMBIENT(0) : AMBIENT(1)) +
           square.y * (n.y > 0.0 ? AMBIENT(2) : AMBIENT(3)) +
           square.z * (n.z > 0.0 ? AMBIENT(4) : AMBIENT(5));
}

// A diffuser under a window instead of a point: the edge between its lit and its dark side is as soft as the window is wide.
float facing_window(float cosine) {
    const float breadth = 0.35;
    float edge = cosine + breadth;
    return abs(cosine) < breadth ? edge * edge / (4.0 * breadth) : max(cosine, 0.0);
}

// How much of the lobe about `ray` meets the window: a box filter as wide as the lobe over the window's rectangle.
float window_in(vec3 ray, float roughness) {
    float towards = ray.x * sign(WINDOW_CENTRE.x - position.x);
    float range = abs(WINDOW_CENTRE.x - position.x) / max(towards, 0.05);
    vec2 seen = (position + ray * range - WINDOW_CENTRE).zy;
    vec2 blur = vec2(range * (0.02 + 1.1 * roughness * roughness));
    vec2 overlap = min(seen + blur, WINDOW_HALF) - max(seen - blur, -WINDOW_HALF);
    vec2 part = clamp(overlap / (2.0 * blur), 0.0, 1.0);
    return part.x * part.y * smoothstep(0.0, 0.2, towards);
}

// The specular part of a lobe's mean radiance: Karis, "Physically Based Shading on Mobile" (2014).
vec2 reflected_share(float roughness, float facing) {
    vec4 r = roughness * vec4(-1.0, -0.0275, -0.572, 0.022) + vec4(1.0, 0.0425, 1.04, -0.04);
    float a = min(r.x * r.x, exp2(-9.28 * facing)) * r.x + r.y;
    return vec2(-1.04, 1.04) * a + r.zw;
}

// The shadow map holds, seen from the window, the mean height of limbs over the table along the light, and its
// square; what it does not cover is the table itself. Soft shadows from the two moments: Donnelly and Lauritzen,
// "Variance Shadow Maps" (2006); their width from the mean height of what shades: Yang et al. (2010).
float lit_share(vec2 at, float height, float level) {
    vec2 moments = textureLod(shadow_map, at, level).rg;
    float above = moments.r - height;
    if (above <= 0.0) return 1.0;
    float variance = max(moments.g - moments.r * moments.r, 4e-6);
    return variance / (variance + above * above);
}

#ifdef RELIEF
// The normal tilted by the slopes of a height over the texture: Mikkelsen, "Bump Mapping Unparametrized Surfaces on the
// GPU" (2010). It needs no tangents, and a mirrored limb may share the texture.
vec3 tilted(vec3 n, vec2 slopes) {
    vec3 right = dFdx(position);
    vec3 up = dFdy(position);
    vec3 a = cross(up, n);
    vec3 b = cross(n, right);
    float area = dot(right, a);
    vec3 gradient = dot(slopes, dFdx(skin_at)) * a + dot(slopes, dFdy(skin_at)) * b;
    return normalize(abs(area) * n - sign(area) * gradient);
}
#endif

// x: the share of the window's light that arrives; y: the share of the room's.
vec2 shadow(vec3 n) {
#ifdef BAKED
    float below = step(TABLE_TOP - 0.004, position.y);
#else
    // Limbs fade out of it: the map knows nothing of what goes on under the table.
    float below = smoothstep(TABLE_TOP - 0.12, TABLE_TOP, position.y);
#endif
    if (below == 0.0) return vec2(1.0);
    vec2 at = (shadow_from_world * vec4(position, 1.0)).xy;
    vec2 inside = smoothstep(0.5, 0.44, abs(at - 0.5));
    float weight = inside.x * inside.y * below;
    if (weight == 0.0) return vec2(1.0);
#ifdef BAKED
    float height = max(position.y - TABLE_TOP, 0.0) / KEY_DIRECTION.y;
#else
    float height = (position.y + 0.004 * n.y - TABLE_TOP) / KEY_DIRECTION.y + 0.004;
#endif
    // Most of the table is far from any limb: one look at a coarse level settles it.
    float mean = textureLod(shadow_map, at, SHADOW_LEVEL).r;
    if (mean < 1e-4) return vec2(1.0);
    float lit = lit_share(at, height, SHADOW_LEVEL);
    float above = lit < 0.999 ? max((mean - lit * height) / (1.0 - lit) - height, 0.0) : 0.0;
    float width = clamp(0.005 + 0.17 * above, 0.005, 0.05) / SHADOW_EXTENT;
    float level = log2(width * SHADOW_SIZE * TAP_SHARE);
    float share = lit_share(at, height, level);
    for (int i = 0; i < TAPS; ++i) {
        float turn = 2.39996 * float(i);
        vec2 away = width * sqrt((float(i) + 0.75) / float(TAPS)) * vec2(cos(turn), sin(turn));
        share += lit_share(at + away, height, level);
    }
    share = smoothstep(0.03, 1.0, share / float(TAPS + 1));
    float open = 1.0 - 0.8 * (1.0 - lit) * exp(-7.0 * above);
    return mix(vec2(1.0), vec2(share, open), weight);
}

void main() {
#ifdef FADES
    float solid = shown;
#ifdef SKINNED
    if (shown < 1.0) {
        // The residual limb is a mesh of its own, closed where it ends.
        if (past < 0.0) discard;
#ifdef EMERGES
        solid = shown * smoothstep(0.0, 0.07, past);
#else
        solid = begun(shown, past);
#endif
    }
#endif
#endif
    vec3 n = normalize(normal);
    vec3 towards_eye = normalize(eye - position);
#ifdef BAKED
    vec4 pattern = texture(patterns, vec3(pattern_at, surface_finish.z));
    vec3 shade = mix(vec3(1.0), 2.0 * pattern.rgb, surface_finish.w);
    if (surface_finish.y > 0.0) {
        pixel = vec4(to_display(base * shade * surface_finish.y), 1.0);
        return;
    }
    vec3 albedo = base * shade;
    float roughness = clamp(surface_finish.x * mix(1.0, 2.0 * pattern.a, surface_finish.w), 0.05, 1.0);
    float metalness = 0.0;
    float reflectance = 0.04;
    vec2 arriving = shadow(n);
    vec3 window_part = from_window * arriving.x;
    vec3 room_part = from_room * arriving.y;
    float open = clamp(dot(from_room, vec3(0.333)) / max(dot(ambient(n), vec3(0.333)), 0.001), 0.0, 1.0) * arriving.y;
    float window_seen = clamp(dot(from_window, vec3(2.0)) / max(dot(KEY, vec3(0.333)), 0.001), 0.0, 1.0) * arriving.x;
#else
    vec3 albedo = from_srgb(colour.rgb);
    float roughness = surface.x;
#ifdef RELIEF
    vec4 fine = texture(relief, skin_at);
    vec3 bent = tilted(n, (fine.rg * 255.0 - 128.0) / 127.0 * RELIEF_SLOPE);
    if (surface.w > 0.0) {
        n = bent;
        float crease = max(1.0 - 2.0 * fine.b, 0.0);
        float vein = max(2.0 * fine.b - 1.0, 0.0);
        albedo *= mix(vec3(1.0), vec3(0.74, 0.52, 0.46), crease) * mix(vec3(1.0), vec3(0.86, 0.96, 1.0), vein);
        float nail = smoothstep(0.15, 0.45, fine.a);
        float pale = max(2.0 * fine.a - 1.0, 0.0);
        albedo = mix(albedo, mix(nail_colour, min(1.9 * nail_colour, vec3(0.64, 0.55, 0.47)), 0.8 * pale), nail);
        roughness = mix(roughness + 0.25 * crease - 0.10 * vein, 0.30, nail);
    }
#endif
    float metalness = surface.y;
    float reflectance = surface.z;
    vec2 arriving = shadow(n);
    float towards_key = dot(n, KEY_DIRECTION);
    vec3 window_part = KEY * facing_window(towards_key) * arriving.x;
#ifdef SKINNED
    if (surface.w > 0.0) {
        // Light bleeds past the shadow's edge, red farthest.
        vec3 wrap = vec3(0.32, 0.17, 0.12);
        vec3 facing_key = clamp((vec3(towards_key) + wrap) / (1.0 + wrap), 0.0, 1.0);
        vec3 passed = mix(vec3(arriving.x), sqrt(vec3(arriving.x)), vec3(0.38, 0.12, 0.04));
        window_part = KEY * facing_key * passed;
    }
#endif
    vec3 room_part = ambient(n) * arriving.y * colour.a;
    float open = arriving.y * colour.a;
    float window_seen = arriving.x * smoothstep(-0.3, 0.2, towards_key);
#endif
    float facing = max(dot(n, towards_eye), 0.0);
    vec3 ray = reflect(-towards_eye, n);
    vec3 around = mix(ambient(ray) * open, WINDOW * window_seen, window_in(ray, roughness));
    vec2 share = reflected_share(roughness, facing);
    vec3 at_normal = mix(vec3(reflectance), albedo, metalness);
    vec3 mirrored = around * (at_normal * share.x + clamp(25.0 * reflectance, 0.0, 1.0) * share.y);
    vec3 radiance = albedo * (1.0 - metalness) * (window_part + room_part) + mirrored;
#if defined(TARGETS) || defined(GLOWS)
    radiance += glow * (0.35 + 0.65 * facing);
#endif
#ifdef GHOST
    float rim = pow(1.0 - facing, 2.0);
    radiance = mix(radiance * vec3(0.30, 0.45, 0.60) + vec3(0.05, 0.16, 0.28), vec3(0.75, 0.92, 1.0), rim);
    pixel = vec4(to_display(radiance), solid * mix(0.45, 0.9, rim));
#elif defined(FADES)
    pixel = vec4(to_display(radiance), solid);
#else
    pixel = vec4(to_display(radiance), 1.0);
#endif
}
