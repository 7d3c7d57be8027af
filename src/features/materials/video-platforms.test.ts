import { expect, test } from 'vitest'
import { isVideoPlatform } from './video-platforms.ts'

test.each([
  'https://www.youtube.com/watch?v=dQw4w9WgXcQ',
  'https://m.youtube.com/shorts/abc',
  'https://YOUTU.BE/dQw4w9WgXcQ',
  'https://youtu.be./dQw4w9WgXcQ',
  'https://www.youtube-nocookie.com/embed/abc',
  'https://player.vimeo.com/video/1',
  'https://www.twitch.tv/videos/1',
  'https://www.dailymotion.com/video/x1',
  'https://www.tiktok.com/@школа/video/1',
  'https://www.facebook.com/watch/?v=1',
  'https://uk-ua.facebook.com/academy/videos/1/',
  'https://www.instagram.com/reel/abc/',
  'https://drive.google.com/file/d/abc/view',
  'https://www.loom.com/share/abc',
])('%s is a video platform', (url) => {
  expect(isVideoPlatform(url)).toBe(true)
})

test.each([
  'https://example.com/watch?v=https://youtube.com',
  'https://notyoutube.com/watch',
  'https://youtube.com.example.org/watch',
  'https://docs.google.com/document/d/abc',
  'https://www.facebook.com/academy/posts/1',
  'https://www.instagram.com/академія/',
  'https://example.com/лекція.mp4',
  'це не адреса',
])('%s is not', (url) => {
  expect(isVideoPlatform(url)).toBe(false)
})
