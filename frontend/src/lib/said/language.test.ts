import { describe, expect, it } from 'vitest'
import { languageOf } from './language'

describe('the language of words', () => {
  it.each([
    ['سلام، حالت چطوره؟', ['fa', 'en'], 'fa'],
    ['مرحبا', ['ar-EG', 'en'], 'ar-EG'],
    ['Hello there', ['ar', 'en'], 'en'],
    ['你好，请说', ['zh-CN', 'en'], 'zh-CN'],
    ['漢字だけではない', ['zh-CN', 'en'], 'ja'],
    ['東京', ['ja', 'en'], 'ja'],
    ['שלום', [], 'he'],
    ['안녕하세요', ['ko-KR', 'en'], 'ko-KR'],
    ['Привет', ['ru', 'en'], 'ru'],
  ])('%s is told by its letters and the lesson', (words, spoken, language) => {
    expect(languageOf(words, spoken)).toBe(language)
  })

  it('is left open where the letters fit two languages, or none', () => {
    expect(languageOf('Hola', ['es', 'en'])).toBeUndefined()
    expect(languageOf('سلام', ['fa', 'ar'])).toBeUndefined()
    expect(languageOf('Привет', ['es', 'en'])).toBeUndefined()
    expect(languageOf('12 …', ['es'])).toBeUndefined()
  })

  it('is not upset by a tag that is none', () => {
    expect(languageOf('Hello', ['not a tag', 'en'])).toBe('en')
  })
})
