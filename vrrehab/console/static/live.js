// The picture and the skeleton, each asked for again as soon as it is there: the newest, never a queue, and after a lost
// connection simply once more.
"use strict";
(() => {
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const JOINTS_OF_A_SIDE = 32, CENTRE = 3; // as in vrrehab.body.skeleton
  const SHOULDER = 0, ELBOW = 1, WRIST = 3, HIP = 28, KNEE = 29, ANKLE = 30, BALL = 31;
  const FINGERS = [[4, 5, 6, 7], [8, 9, 10, 11, 12], [13, 14, 15, 16, 17], [18, 19, 20, 21, 22], [23, 24, 25, 26, 27]];

  async function pictures() {
    let number = 0, shown = null;
    for (;;) {
      const picture = document.querySelector("[data-live-picture]");
      if (!picture || document.hidden) { await wait(300); continue; }
      try {
        const got = await fetch(`/picture.jpg?after=${number}`, { signal: AbortSignal.timeout(5000) });
        if (got.status === 200) {
          number = got.headers.get("x-number");
          const url = URL.createObjectURL(await got.blob());
          picture.src = url;
          await picture.decode().catch(() => {});
          if (shown) URL.revokeObjectURL(shown);
          shown = url;
          picture.dataset.count = Number(picture.dataset.count || 0) + 1;
        } else if (got.status !== 204) await wait(1000);
      } catch { await wait(500); }
    }
  }

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

  async function skeleton() {
    let number = 0;
    for (;;) {
      const canvas = document.querySelector("[data-skeleton]");
      if (!canvas || document.hidden) { await wait(300); continue; }
      try {
        const got = await fetch(`/live.json?after=${number}`, { signal: AbortSignal.timeout(5000) });
        if (got.status !== 200) { await wait(1000); continue; }
        const said = await got.json();
        number = said.number;
        if (said.virtual) { draw(canvas, said); canvas.dataset.count = Number(canvas.dataset.count || 0) + 1; }
        await wait(60);
      } catch { await wait(500); }
    }
  }

  performance.setResourceTimingBufferSize(0); // nobody reads when each picture came
  pictures();
  skeleton();

  // A page that is loaded again, as after its server was away, opens the tab that was open.
  document.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) history.replaceState(history.state, "", `?tab=${tab.id.replace("tab-", "")}`);
  });
})();
