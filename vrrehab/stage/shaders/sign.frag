// Signs show their own colours whatever the light is, so that they can be read.

in vec4 colour;
out vec4 pixel;

uniform vec4 button_look[24]; // aimed, progress, chosen
uniform vec4 sign_colours[3]; // aimed, progress, chosen
uniform sampler2D letters;
uniform sampler2D bold_letters;
in vec2 at;
flat in vec2 half_size;
flat in int which;

float outside(vec2 p, vec2 half_extent, float radius) {
    vec2 q = abs(p) - half_extent + radius;
    return length(max(q, 0.0)) + min(max(q.x, q.y), 0.0) - radius;
}

// How solid a plate is here; `shown` becomes what a button looks like.
float plate(inout vec3 shown) {
    float blur = max(length(fwidth(at)) * 0.7, 1e-5);
    float radius = min(0.014, 0.32 * min(half_size.x, half_size.y));
    float edge = outside(at, half_size, radius);
    if (which >= 0) {
        vec4 look = button_look[which];
        shown = mix(shown, sign_colours[0].rgb, look.x);
        shown = mix(shown, sign_colours[2].rgb, look.z);
        // The dwell's progress fills the button from the left.
        float filled = smoothstep(-blur, blur, half_size.x * (2.0 * look.y - 1.0) - at.x) * step(1e-4, look.y);
        shown = mix(shown, sign_colours[1].rgb, 0.9 * filled);
        // Aimed at or chosen: a bright rim, so that it is told without colour too.
        float rim = 1.0 - smoothstep(0.0, blur, abs(edge + 0.0016) - 0.0016);
        shown = mix(shown, vec3(0.95, 0.93, 0.88), rim * max(look.x, look.z));
    }
    return 1.0 - smoothstep(-blur, blur, edge);
}

void main() {
    vec3 shown = colour.rgb;
    float alpha = colour.a;
    if (which == -2)
        alpha *= texture(letters, at).a;
    else if (which == -3)
        alpha *= texture(bold_letters, at).a;
    else
        alpha *= plate(shown);
    if (alpha < 0.004) discard;
#ifndef NOTICE
    shown = mix(shown, CALM.rgb, MIST);
#endif
    pixel = vec4(shown, alpha);
}
