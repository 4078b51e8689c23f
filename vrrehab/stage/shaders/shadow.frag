#ifdef FADES
flat in float shown;
#endif
#ifdef SKINNED
in float past;
#endif

in float height;
out vec4 moments;

void main() {
    if (height < 0.0) discard;
#ifdef FADES
    float solid = shown;
#ifdef SKINNED
    if (past < 0.0) discard;
    solid = begun(shown, past);
#endif
    moments = vec4(height, height * height, 0.0, solid);
#else
    moments = vec4(height, height * height, 0.0, 1.0);
#endif
}
