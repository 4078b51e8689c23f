// Shared by every fragment shader: the scene's uniforms and the way from light to a pixel.

uniform vec4 scene[16];
#define CALM scene[0]              // what the view fades to, display colour; w: how far
#define KEY_DIRECTION scene[1].xyz // towards the light, unit
#define SOFTNESS scene[1].w        // over how much of its length a virtual limb begins, metres
#define KEY scene[2].rgb           // radiance of a white diffuser that faces it
#define TABLE_TOP scene[2].w
#define AMBIENT(i) scene[3 + i].rgb // radiance of a white diffuser facing +x -x +y -y +z -z
#define WINDOW_CENTRE scene[9].xyz
#define WINDOW_HALF scene[10].xy   // half width (along z), half height
#define WINDOW scene[11].rgb       // its mean radiance
#define VEIL scene[12].x           // how far what stands still has gone into that colour by itself, while places change

// How far what is drawn here has gone into it.
#ifdef STILL
#define MIST max(CALM.w, VEIL)
#else
#define MIST CALM.w
#endif

// After Khronos PBR Neutral (2024), without its toe: keeps hue; what is darker than `start` passes as it is, highlights roll
// off softly and pale towards white.
vec3 tone_map(vec3 colour) {
    const float start = 0.70;
    const float paling = 0.15;
    float peak = max(colour.r, max(colour.g, colour.b));
    if (peak < start) return colour;
    float span = 1.0 - start;
    float mapped = 1.0 - span * span / (peak + span - start);
    float grey = 1.0 - 1.0 / (paling * (peak - mapped) + 1.0);
    return mix(colour * (mapped / peak), vec3(mapped), grey);
}

vec3 to_srgb(vec3 linear) {
    linear = clamp(linear, 0.0, 1.0);
    return mix(12.92 * linear, 1.055 * pow(linear, vec3(1.0 / 2.4)) - 0.055, step(0.0031308, linear));
}

vec3 from_srgb(vec3 encoded) {
    return mix(encoded / 12.92, pow((encoded + 0.055) / 1.055, vec3(2.4)), step(0.04045, encoded));
}

// How solid a limb of opacity `shown` is so far `beyond` the residual limb's end: it begins solid and goes with the last of it.
float begun(float shown, float beyond) {
    return mix(min(1.0, 4.0 * shown), shown, smoothstep(0.0, SOFTNESS + 1e-4, beyond));
}

// Every pixel ends here: the fade to calm happens in display colour, equal for all eyes and displays.
vec3 to_display(vec3 radiance) {
    return mix(to_srgb(tone_map(radiance)), CALM.rgb, MIST);
}
