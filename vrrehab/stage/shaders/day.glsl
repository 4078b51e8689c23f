// The light of the hour, as vrrehab.stage.sunlight mixes it; under a roof the first two are tints of the window's and the
// room's baked light.

uniform vec4 day[8];
#define HOURS day[0].xyz       // how much of the morning, noon and evening that were baked
#define NOW day[0].w           // seconds, for wind and waves
#define SUN day[1].rgb         // radiance of a white diffuser that faces it
#define FROM_ABOVE day[2].rgb  // that of one which faces up, without the sun
#define FROM_BELOW day[3].rgb  // that of one which faces down
#define ZENITH day[4].rgb      // what the sky looks like
#define HORIZON day[5].rgb
#define GLOW day[6].rgb        // round the sun
#define SUN_DIRECTION day[7].xyz
#define CLOUDS day[7].w

// The sky without its clouds, in a direction.
vec3 clear_sky(vec3 way) {
    float rise = max(way.y, 0.0);
    vec3 sky = mix(HORIZON, ZENITH, 1.0 - exp(-3.4 * rise));
    float near = max(dot(way, SUN_DIRECTION), 0.0);
    float broad = near * near;
    broad *= broad;
    float close = broad * broad;
    close *= close * close;
    return sky + GLOW * (0.55 * broad + 1.1 * close) * (1.0 - 0.35 * rise);
}

// The depth of what is beyond the frustum's far side, hills and horizon, still one behind the other: put where there is
// room, between what is nearer and the sky.
float farthest(float w) {
    return 0.99988 * w - 0.006;
}
