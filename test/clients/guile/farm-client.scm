;; Asks a farm all that a client of Guix asks, and is as strict with the answers: what has another
;; type than it must have is an error, and the program ends with it. It prints what it read, one
;; s-expression a line. Run as: guile -L DIR farm-client.scm ADDRESS EVALUATION BUILD SPEC JOB
(use-modules (strict-json) (ice-9 match) (ice-9 binary-ports) (rnrs bytevectors)
             (srfi srfi-1) (srfi srfi-9) (web client) (web response) (web uri))

;; Only 200 is an answer, whatever else may be in it.
(define (ask address path)
  (call-with-values
      (lambda () (http-get (string->uri (string-append address path)) #:decode-body? #f))
    (lambda (response body)
      (unless (= 200 (response-code response))
        (error "not an answer:" path (response-code response)))
      (unless (equal? '(application/json) (response-content-type response))
        (error "not JSON:" path (response-content-type response)))
      (read-json (utf8->string body)))))

(define (field object key)
  (match (assoc key object)
    ((_ . value) value)
    (#f (error "missing:" key))))

(define-syntax-rule (define-field name good? what)
  (define (name object key)
    (let ((value (field object key)))
      (if (good? value) value (error "not" what key value)))))

(define-field integer-field exact-integer? 'an-integer)
(define-field text-field string? 'a-string)
(define (list-field object key read)
  (map read (vector->list (field object key))))

;; The eight statuses; any other number, and all that is none, is an error.
(define (status-field object key)
  (match (field object key)
    (-3 'submitted) (-2 'scheduled) (-1 'started) (0 'succeeded)
    (1 'failed) (2 'failed-dependency) (3 'failed-other) (4 'canceled)))

(define-record-type <build>
  (make-build id derivation evaluation system status timestamp start stop products)
  build?
  (id build-id) (derivation build-derivation) (evaluation build-evaluation)
  (system build-system) (status build-status) (timestamp build-timestamp)
  (start build-start) (stop build-stop) (products build-products))

(define (json->product json)
  (list (integer-field json "id") (text-field json "type")
        (integer-field json "file-size") (text-field json "path")))

(define (json->build json)
  (make-build (integer-field json "id") (text-field json "derivation")
              (integer-field json "evaluation") (text-field json "system")
              (status-field json "buildstatus") (integer-field json "timestamp")
              (integer-field json "starttime") (integer-field json "stoptime")
              (list-field json "buildproducts" json->product)))

(define (json->checkout json)
  (list (text-field json "channel") (text-field json "commit")))

(define (json->evaluation json)
  (list (integer-field json "id") (text-field json "specification")
        (match (field json "status") (-1 'started) (0 'succeeded) (1 'failed) (2 'aborted))
        (list-field json "checkouts" json->checkout)))

(define (json->job json)
  (list (integer-field json "build") (status-field json "status") (text-field json "name")))

(define (json->history json)
  (list (integer-field json "evaluation")
        (list-field json "checkouts" json->checkout)
        (list-field json "jobs" json->job)))

(define (tell what . values)
  (write (cons what values))
  (newline))

(define (statuses builds)
  (delete-duplicates (map build-status builds)))

;; The newest commit of a specification that has substitutes: its evaluation has one checkout.
(define (commit-with-substitutes address)
  (let* ((path (string-append "/api/latestbuilds?nr=1&system=x86_64-linux&job=guix.x86_64-linux"
                              "&jobset=guix&status=0"))
         (build (json->build (first (vector->list (ask address path)))))
         (evaluation (number->string (build-evaluation build))))
    (match (json->evaluation (ask address (string-append "/api/evaluation?id=" evaluation)))
      ((_ _ 'succeeded ((_ commit))) (list (build-status build) commit)))))

;; Builds an hour, from when the oldest of the last thousand ended.
(define (throughput builds)
  (let ((times (map build-timestamp builds)))
    (exact->inexact (/ (* 3600 (length builds)) (- (apply max times) (apply min times) -1)))))

(define (main address evaluation build spec job)
  (define (list-of read path) (map read (vector->list (ask address path))))
  (let ((queued (list-of json->build "/api/queue?nr=1000"))
        (latest (list-of json->build "/api/latestbuilds?nr=1000")))
    (tell 'queue (length queued) (statuses queued))
    (tell 'latest (length latest) (statuses latest) (append-map build-products latest))
    (tell 'throughput (> (throughput latest) 0))
    (tell 'filtered
          (map build-id
               (list-of json->build
                        (string-append "/api/latestbuilds?nr=10&evaluation=" evaluation
                                       "&system=x86_64-linux&job=" job "&jobset=" spec
                                       "&status=0")))))
  (tell 'evaluation (json->evaluation (ask address (string-append "/api/evaluation?id=" evaluation))))
  (tell 'evaluations (map third (list-of json->evaluation "/api/evaluations?nr=100")))
  (tell 'evaluations-of
        (map first (list-of json->evaluation (string-append "/api/evaluations?nr=2&spec=" spec))))
  (tell 'jobs
        (delete-duplicates
         (map second (list-of json->job (string-append "/api/jobs?evaluation=" evaluation)))))
  (tell 'build (build-id (json->build (ask address (string-append "/build/" build)))))
  (tell 'history
        (list-of json->history
                 (string-append "/api/jobs/history?spec=" spec "&names=" job "&nr=10")))
  (tell 'substitutes (commit-with-substitutes address)))

(apply main (cdr (command-line)))
