// The picture and the skeleton, asked for again as soon as they are shown: the newest, never a queue, and after a lost
// connection simply once more.
"use strict";
(() => {
  // The server says every two seconds that there is nothing new; who says nothing for so long is not there.
  const SILENT_MS = 5000;
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const JOINTS_OF_A_SIDE = 32, CENTRE = 3; // as in vrrehab.body.skeleton
  const SHOULDER = 0, ELBOW = 1, WRIST = 3, HIP = 28, KNEE = 29, ANKLE = 30, BALL = 31;
  const FINGERS = [[4, 5, 6, 7], [8, 9, 10, 11, 12], [13, 14, 15, 16, 17], [18, 19, 20, 21, 22], [23, 24, 25, 26, 27]];

  function bones() {
    const pairs = [[0, 1], [1, 2]];
    for (const side of [0, 1]) {
      const at = CENTRE + side * JOINTS_OF_A_SIDE;
      pairs.push([1, at + SHOULDER], [at + SHOULDER, at + ELBOW], [at + ELBOW, at + WRIST]);
      pairs.push([2, at + HIP], [at + HIP, at + KNEE], [at + KNEE, at + ANKLE], [at + ANKLE, at + BALL]);
      for (const finger of FINGERS) {
        let from = at + WRIST;
        for (const joint of finger) { pairs.push([from, at + joint]); from = at + joint; }
      }
    }
    return pairs;
  }
  const BONES = bones();

  function draw(canvas, said) {
    const style = getComputedStyle(document.documentElement), pen = canvas.getContext("2d");
    const { width, height } = canvas;
    pen.clearRect(0, 0, width, height);
    pen.lineCap = "round";
    // From the front and a little above, as somebody facing the person sees them: 1.7 m high.
    const scale = height / 1750, tilt = 0.35;
    const place = ([x, y, z]) => [width / 2 - x * scale * 1.5, height * 0.93 - (y * scale * 1.25 - z * scale * tilt * 1.2)];
    const body = (joints, colour, thick, shift) => {
      pen.strokeStyle = colour;
      pen.lineWidth = thick;
      pen.beginPath();
      for (const [a, b] of BONES) {
        if (!joints[a] || !joints[b]) continue;
        const [ax, ay] = place(joints[a]), [bx, by] = place(joints[b]);
        pen.moveTo(ax + shift, ay);
        pen.lineTo(bx + shift, by);
      }
      pen.stroke();
      if (joints[0]) {
        const [x, y] = place(joints[0]);
        pen.beginPath();
        pen.arc(x + shift, y, 90 * scale * 1.3, 0, 7);
        pen.stroke();
      }
    };
    body(said.virtual, style.getPropertyValue("--accent"), 4, 0);
    body(said.tracked, style.getPropertyValue("--edge"), 2, 0);
  }

  // A message is the skeleton as JSON, led by its length in four bytes, and the picture; what is not new is not in it.
  async function show(data) {
    const length = new DataView(data).getUint32(0), jpeg = new Uint8Array(data, 4 + length);
    const screen = document.querySelector("[data-live-picture]"), canvas = document.querySelector("[data-skeleton]");
    const picture = jpeg.length ? await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" })) : null;
    // Both at once: the page is painted once for the two.
    if (length && canvas) {
      draw(canvas, JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length))));
      counted(canvas);
    }
    if (picture && screen) {
      // Set to what it is, a size clears the canvas.
      for (const side of ["width", "height"]) if (screen[side] !== picture[side]) screen[side] = picture[side];
      screen.getContext("2d", { alpha: false }).drawImage(picture, 0, 0);
      picture.close();
      counted(screen);
    }
  }
  const counted = (shown) => { shown.dataset.count = Number(shown.dataset.count || 0) + 1; };

  const once = (socket, what) => new Promise((done, lost) => {
    const silent = setTimeout(lost, SILENT_MS);
    socket[what] = (event) => { clearTimeout(silent); done(event.data); };
    socket.onclose = lost;
  });
  async function follow() {
    const socket = new WebSocket(`${location.origin.replace("http", "ws")}/live`);
    socket.binaryType = "arraybuffer";
    try {
      await once(socket, "onopen");
      while (socket.readyState === WebSocket.OPEN) {
        socket.send("");
        await show(await once(socket, "onmessage"));
        while (document.hidden) await wait(300);
      }
    } finally { socket.close(); }
  }
  (async () => { for (;;) { await follow().catch(() => wait(500)); } })();

  // A page that is loaded again, as after its server was away, opens the tab that was open.
  document.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) history.replaceState(history.state, "", `?tab=${tab.id.replace("tab-", "")}`);
  });
})();
